"""What the charts are made of: marks and scales, and the layouts that several of them share."""
