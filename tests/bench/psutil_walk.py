"""The peer of walk.c's letter s: psutil's memory_full_info() of each process of a cgroup. For the system's Python, which has psutil."""
import sys
import time

import psutil

pids = [int(line) for line in open(f"{sys.argv[1]}/cgroup.procs")]
held = {pid: psutil.Process(pid) for pid in pids}
for _ in sys.stdin:
    start = time.thread_time_ns()
    totals = [0, 0, 0]
    count = 0
    for line in open(f"{sys.argv[1]}/cgroup.procs"):
        of = held[int(line)].memory_full_info()
        totals = [totals[0] + of.rss, totals[1] + of.uss, totals[2] + of.pss]
        count += 1
    print(time.thread_time_ns() - start, count, flush=True)
