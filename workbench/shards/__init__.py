"""`workbench shards`: which schemas can be distributed by user, with partitions for shards."""
