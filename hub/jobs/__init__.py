"""Durable work: a Job row is the truth, a Celery message only wakes a worker.

@job("index_commit", lease=timedelta(minutes=5), attempts=5, retry_on=(StorageUnavailable,))
def index_commit(key: str) -> None: ...

Job.objects.add("index_commit", key)      # in the transaction of the fact it follows from
"""
