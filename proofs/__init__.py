"""Why it holds: the engine that lifts the specification's source into z3. This room is still empty."""
