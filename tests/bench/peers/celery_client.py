"""Celery: the command line and report of peer_client.h, with a Redis socket in place of the port.

WINDOW threads send, each its own next message; one worker process runs one task at a time and
acknowledges it when it is done (acks_late).
Debian's python3, for its celery.
Usage: /usr/bin/python3 celery_client.py produce|consume SOCKET COUNT [WINDOW RATE]
"""
import json
import sys
import threading
import time
import warnings

import celery
from celery.signals import worker_ready
import redis

MESSAGE_BYTES = 1024
warnings.simplefilter('ignore')  # it minds root; its messages here are numbers
role, socket, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

app = celery.Celery('bench', broker='redis+socket://' + socket)
app.conf.update(
    task_acks_late=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=64,
    broker_pool_limit=64,
    worker_redirect_stdouts=False,
)
latency_ms = []
began = 0.0


def say(report):
    print(json.dumps(report), flush=True)


def report_when_acknowledged():
    """Acknowledging follows the task; Redis keeps what is unacknowledged in a hash."""
    server = redis.Redis(unix_socket_path=socket)
    while server.hlen('unacked') or server.llen('celery'):
        time.sleep(0.002)
    say({'began': began, 'ended': time.monotonic(), 'latency_ms': latency_ms})


@app.task(name='bench')
def take(body):
    global began
    now = time.monotonic_ns()
    assert len(body) == MESSAGE_BYTES
    began = began or now / 1e9
    latency_ms.append((now - int(body.split(' ', 1)[0])) / 1e6)
    if len(latency_ms) == count:
        threading.Thread(target=report_when_acknowledged).start()


def produce(window, rate):
    numbers = iter(range(count))
    guard = threading.Lock()
    connected = [app.producer_pool.acquire(block=True) for _ in range(window)]
    for producer in connected:
        producer.connection.default_channel.client.ping()  # kombu connects at first use
    for producer in connected:
        producer.release()
    start = time.monotonic()

    def lane():
        while True:
            with guard:
                number = next(numbers, None)
            if number is None:
                return
            if rate > 0:
                time.sleep(max(0.0, start + number / rate - time.monotonic()))
            take.apply_async((f'{time.monotonic_ns()} '.ljust(MESSAGE_BYTES, 'x'),))

    lanes = [threading.Thread(target=lane) for _ in range(window)]
    for thread in lanes:
        thread.start()
    for thread in lanes:
        thread.join()
    say({'began': start, 'ended': time.monotonic()})


@worker_ready.connect
def ready(**_):
    print('ready', flush=True)


if role == 'produce':
    produce(int(sys.argv[4]), float(sys.argv[5]))
else:
    app.Worker(pool='solo', loglevel='ERROR', without_gossip=True, without_mingle=True,
               without_heartbeat=True, quiet=True).start()
