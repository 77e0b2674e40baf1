"""A way between two network namespaces: way.py RATE QUEUE DELAY LOSS, within a namespace of its own.

Two TUN devices, each in a namespace, with this process between them: packets wait in a queue for the
rate (bytes a second), are dropped where it is full (seconds), are delayed (seconds, one way) and lost
(a chance, by a seed). Prints the processes that hold the namespaces, and ends with its input.
"""

import fcntl, heapq, os, random, select, struct, subprocess, sys, time

RATE, QUEUE, DELAY, LOSS = map(float, sys.argv[1:])
TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 1, 0x1000


def open_tun(name):
    fd = os.open('/dev/net/tun', os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack('16sH22x', name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def main():
    random.seed(1)
    holders, ends = [], []
    for at in (0, 1):
        name = f'way{at}'
        ends.append(open_tun(name))
        holder = subprocess.Popen(['unshare', '--net', 'cat'], stdin=subprocess.PIPE)
        holders.append(holder)
        while os.readlink(f'/proc/{holder.pid}/ns/net') == os.readlink('/proc/self/ns/net'):
            time.sleep(0.01)
        subprocess.run(['ip', 'link', 'set', name, 'netns', str(holder.pid)], check=True)
        inside = ['nsenter', f'--net=/proc/{holder.pid}/ns/net', 'ip']
        subprocess.run([*inside, 'address', 'add', f'10.99.0.{at + 1}/24', 'dev', name], check=True)
        subprocess.run([*inside, 'link', 'set', name, 'up'], check=True)
        # As most systems have it.
        route = ['10.99.0.0/24', 'dev', name, 'src', f'10.99.0.{at + 1}', 'congctl', 'cubic']
        subprocess.run([*inside, 'route', 'replace', *route], check=True)
    print(*(holder.pid for holder in holders), flush=True)
    free, waiting, count = [0.0, 0.0], [], 0
    while True:
        wait = max(0, waiting[0][0] - time.monotonic()) if waiting else None
        readable = select.select([*ends, sys.stdin], [], [], wait)[0]
        if sys.stdin in readable:
            return
        now = time.monotonic()
        for at in (0, 1):
            for _ in range(64 if ends[at] in readable else 0):
                try:
                    packet = os.read(ends[at], 2000)
                except BlockingIOError:
                    break
                begins = max(now, free[at])
                if begins - now > QUEUE or random.random() < LOSS:
                    continue
                free[at] = begins + len(packet) / RATE
                count += 1
                heapq.heappush(waiting, (free[at] + DELAY, count, 1 - at, packet))
        while waiting and waiting[0][0] <= now:
            _, _, to, packet = heapq.heappop(waiting)
            try:
                os.write(ends[to], packet)
            except BlockingIOError:
                pass


main()
