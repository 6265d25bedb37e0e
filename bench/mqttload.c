/* MQTT 3.1.1 load: many devices, QoS 1, JSON with a time and five values, a window of unacknowledged messages each.

   mqttload PORT CREDENTIALS SECONDS WINDOW RATE BEGIN_MS
   CREDENTIALS: a file of lines "username password"; one connection each, topic "<username>/data".
   RATE: messages a second over all devices, 0: as fast as acknowledgements come.
   Prints one line of JSON. Message k of a device has the time BEGIN_MS + 1000 * k, so every row is distinct. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define TEMPLATE "{\"ts\":1700000000000,\"temp\":000.0,\"pressure\":000.0,\"flow\":000.0,\"speed\":000.0,\"power\":000.0}"
enum { MAX_PACKET = 512, OUT = 65536, VALUES = 5 };

typedef struct {
  int fd, connected, flying, packet_size, ts_at, id_at, value_at[VALUES];
  int tenths[VALUES];
  uint16_t id, probe;
  uint64_t sent, acked;
  double probe_began;
  int in_size, out_from, out_size;
  unsigned char packet[MAX_PACKET], in[4096], out[OUT];
} Device;

static Device *devices;
static int count, poller;
static double *latencies;
static size_t latency_count, latency_room = 1 << 20;
static uint32_t random_state = 12345;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what) {
  fprintf(stderr, "%s: %s\n", what, strerror(errno));
  exit(1);
}

static int text(unsigned char *at, const char *word) {
  int n = strlen(word);
  at[0] = n >> 8, at[1] = n & 255;
  memcpy(at + 2, word, n);
  return n + 2;
}

static int remaining(unsigned char *at, int size) {
  int n = 0;
  do {
    at[n] = size & 127;
    size >>= 7;
    if (size) at[n] |= 128;
    n++;
  } while (size);
  return n;
}

static void prepare(Device *d, const char *user) {
  char topic[200];
  snprintf(topic, sizeof topic, "%s/data", user);
  int body = 2 + strlen(topic) + 2 + strlen(TEMPLATE);
  int at = 0;
  d->packet[at++] = 0x32;
  at += remaining(d->packet + at, body);
  at += text(d->packet + at, topic);
  d->id_at = at;
  at += 2;
  memcpy(d->packet + at, TEMPLATE, strlen(TEMPLATE));
  d->ts_at = at + 6;
  char *p = (char *)d->packet + at + 20;
  for (int k = 0; k < VALUES; k++) {
    p = memmem(p, 200, ":000.0", 6) + 1;
    d->value_at[k] = p - (char *)d->packet;
    d->tenths[k] = 5000;
  }
  d->packet_size = at + strlen(TEMPLATE);
}

static void digits(unsigned char *at, uint64_t number, int width) {
  while (width--) at[width] = '0' + number % 10, number /= 10;
}

static void flush(Device *d) {
  while (d->out_from < d->out_size) {
    ssize_t n = send(d->fd, d->out + d->out_from, d->out_size - d->out_from, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno == EAGAIN) return;
      die("send");
    }
    d->out_from += n;
  }
  d->out_from = d->out_size = 0;
}

static void publish(Device *d, uint64_t begin_ms) {
  unsigned char *at = d->out + d->out_size;
  digits(d->packet + d->ts_at, begin_ms + 1000 * d->sent, 13);
  for (int k = 0; k < VALUES; k++) {
    random_state = random_state * 1664525u + 1013904223u;
    d->tenths[k] += (int)((random_state >> 16) % 7) - 3;
    if (d->tenths[k] < 1000 || d->tenths[k] > 9999) d->tenths[k] = 5000;
    unsigned char *v = d->packet + d->value_at[k];
    digits(v, d->tenths[k] / 10, 3);
    v[4] = '0' + d->tenths[k] % 10;
  }
  d->id = d->id == 65535 ? 1 : d->id + 1;
  d->packet[d->id_at] = d->id >> 8, d->packet[d->id_at + 1] = d->id & 255;
  memcpy(at, d->packet, d->packet_size);
  d->out_size += d->packet_size;
  d->sent++, d->flying++;
  if (!d->probe) d->probe = d->id, d->probe_began = now();
}

static int room(Device *d) { return d->out_size + d->packet_size < OUT; }

static void acknowledged(Device *d, const unsigned char *at) {
  uint16_t id = at[2] << 8 | at[3];
  d->acked++, d->flying--;
  if (id == d->probe) {
    if (latency_count < latency_room) latencies[latency_count++] = now() - d->probe_began;
    d->probe = 0;
  }
}

static int receive(Device *d) { /* returns how many packets came */
  int packets = 0;
  for (;;) {
    ssize_t n = recv(d->fd, d->in + d->in_size, sizeof d->in - d->in_size, 0);
    if (n == 0) errno = ECONNRESET, die("the server hung up");
    if (n < 0) {
      if (errno == EAGAIN) return packets;
      die("recv");
    }
    d->in_size += n;
    int at = 0;
    while (d->in_size - at >= 4) { /* CONNACK and PUBACK are four bytes each */
      if (d->in[at] == 0x20) {
        if (d->in[at + 3]) { fprintf(stderr, "refused: %d\n", d->in[at + 3]); exit(2); }
        d->connected = 1;
      } else if (d->in[at] == 0x40) acknowledged(d, d->in + at);
      at += 4, packets++;
    }
    memmove(d->in, d->in + at, d->in_size - at);
    d->in_size -= at;
  }
}

static void open_all(int port, FILE *file) {
  char user[100], password[200];
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
  while (fscanf(file, "%99s %199s", user, password) == 2) {
    devices = realloc(devices, (count + 1) * sizeof *devices);
    Device *d = devices + count;
    memset(d, 0, sizeof *d);
    prepare(d, user);
    d->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(d->fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    int one = 1;
    setsockopt(d->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    unsigned char raw[600], body[512];
    int n = text(body, "MQTT");
    body[n++] = 4, body[n++] = 0xC2, body[n++] = 1, body[n++] = 0x2C;
    n += text(body + n, user), n += text(body + n, user), n += text(body + n, password);
    int at = 0;
    raw[at++] = 0x10;
    at += remaining(raw + at, n);
    memcpy(raw + at, body, n);
    if (send(d->fd, raw, at + n, 0) != at + n) die("send");
    fcntl(d->fd, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = count++};
    epoll_ctl(poller, EPOLL_CTL_ADD, d->fd, &event);
  }
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  if (argc < 7) return 1;
  double seconds = atof(argv[3]), rate = atof(argv[5]);
  int window = atoi(argv[4]);
  uint64_t begin_ms = strtoull(argv[6], 0, 10), acked = 0, sent = 0;
  latencies = malloc(latency_room * sizeof *latencies);
  poller = epoll_create1(0);
  FILE *file = fopen(argv[2], "r");
  if (!file) die(argv[2]);
  open_all(atoi(argv[1]), file);
  struct epoll_event events[256];
  double began = now();
  for (int ready = 0; ready < count;) {
    int n = epoll_wait(poller, events, 256, 1000);
    for (int i = 0; i < n; i++) ready += receive(devices + events[i].data.u32);
    if (now() - began > 60) errno = ETIMEDOUT, die("signing in");
  }
  double signed_in = now() - began, last_ack = 0;
  began = now();
  for (;;) {
    double at = now() - began;
    if (at < seconds) {
      uint64_t allowed = rate > 0 ? (uint64_t)(rate * at) : UINT64_MAX;
      for (int i = 0; i < count && sent < allowed; i++) {
        Device *d = devices + (sent + i) % count;
        if (rate > 0) {
          if (d->flying < window && room(d)) publish(d, begin_ms), sent++, i = -1;
        } else {
          d = devices + i;
          while (d->flying < window && room(d)) publish(d, begin_ms), sent++;
        }
      }
      for (int i = 0; i < count; i++)
        if (devices[i].out_size) flush(devices + i);
    } else {
      for (int i = 0; i < count; i++)
        if (devices[i].out_size) flush(devices + i);
      if (acked == sent || at > seconds + 60) break;
    }
    int n = epoll_wait(poller, events, 256, rate > 0 ? 1 : 5);
    for (int i = 0; i < n; i++) acked += receive(devices + events[i].data.u32);
    if (n) last_ack = now() - began;
  }
  qsort(latencies, latency_count, sizeof *latencies, by_size);
  double p50 = latency_count ? latencies[latency_count / 2] : 0, p99 = latency_count ? latencies[latency_count * 99 / 100] : 0;
  printf("{\"devices\":%d,\"signed_in_s\":%.3f,\"sent\":%lu,\"acked\":%lu,\"seconds\":%.3f,\"p50_ms\":%.2f,\"p99_ms\":%.2f}\n",
         count, signed_in, sent, acked, last_ack, p50 * 1e3, p99 * 1e3);
  return 0;
}
