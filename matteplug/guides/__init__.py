"""What a user gives beside the image: selections and masks to trimaps, and clean plates."""
