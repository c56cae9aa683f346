"""The protocols as pure transitions over tables of rows, compiled from the very source you read."""
