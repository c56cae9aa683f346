"""What must hold: the catalogue of laws and the checks made from it. This room is still empty."""
