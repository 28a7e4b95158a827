from batches.models.batch import Batch, BatchCount, BatchQuerySet, BatchSource
from batches.models.chunk import BatchChunk
from batches.models.item import BatchItem, BatchItemQuerySet

__all__ = ["Batch", "BatchChunk", "BatchCount", "BatchItem", "BatchItemQuerySet", "BatchQuerySet", "BatchSource"]
