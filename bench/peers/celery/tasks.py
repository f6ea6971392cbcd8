"""The task that Celery's workers run: it returns what it was given."""

import os

from celery import Celery

app = Celery("bench", broker=os.environ["BENCH_REDIS"], backend=os.environ["BENCH_REDIS"])
app.conf.update(
    task_default_queue="rest",
    worker_prefetch_multiplier=int(os.environ.get("BENCH_PREFETCH", "64")),
    worker_disable_rate_limits=True,
    worker_send_task_events=False,
    broker_connection_retry_on_startup=True,
    result_expires=3600,
)


@app.task(name="bench.quiet", ignore_result=True)
def quiet(result=None):
    return result


@app.task(name="bench.told")
def told(result=None):
    return result
