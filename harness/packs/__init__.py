"""The packs of the protocols that come with this project, announced as anyone's are: in pyproject.toml."""
