/* A Modbus server by libmodbus: "tcp" (prints its port) or "rtu <tty>" (prints 0). Addresses below 100 exist. */
#include <arpa/inet.h>
#include <errno.h>
#include <modbus.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Not modbus_set_float_abcd(): up to 3.1.6 it swaps the bytes of both registers on little-endian machines. */
static void put(uint16_t *at, float number, const char *order) {
    uint32_t bits;
    memcpy(&bits, &number, 4);
    for (int i = 0; i < 4; i++) {
        int byte = bits >> (24 - 8 * (order[i] - 'a')) & 0xFF;
        at[i / 2] = i % 2 ? at[i / 2] | byte : byte << 8;
    }
}

static void fill(modbus_mapping_t *map) {
    for (int i = 0; i < 100; i++) {
        map->tab_registers[i] = i * 3;
        map->tab_input_registers[i] = 60000 + i;
        map->tab_bits[i] = i % 3 == 0;
        map->tab_input_bits[i] = i % 5 == 0;
    }
    put(map->tab_registers + 12, 47.3f, "abcd");
    put(map->tab_registers + 14, -1.5f, "cdab");
    put(map->tab_registers + 16, 2.25f, "badc");
    put(map->tab_registers + 18, 1e20f, "dcba");
    for (int i = 0; i < 4; i++)
        map->tab_registers[20 + i] = (uint64_t)-9007199254740995LL >> (48 - 16 * i) & 0xFFFF;
}

static int serve(modbus_t *ctx, modbus_mapping_t *map) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    for (;;) {
        int got = modbus_receive(ctx, query);
        if (got > 0)
            modbus_reply(ctx, query, got, map);
        else if (got == -1 && errno != EMBBADCRC && errno != ETIMEDOUT)
            return errno;
    }
}

int main(int argc, char **argv) {
    modbus_mapping_t *map = modbus_mapping_new(100, 100, 100, 100);
    fill(map);
    if (argc > 2 && !strcmp(argv[1], "rtu")) {
        modbus_t *line = modbus_new_rtu(argv[2], 19200, 'N', 8, 1);
        modbus_set_slave(line, 17);
        if (modbus_connect(line))
            return 1;
        printf("0\n");
        fflush(stdout);
        return serve(line, map);
    }
    modbus_t *ctx = modbus_new_tcp("127.0.0.1", 0);
    int listener = modbus_tcp_listen(ctx, 4);
    struct sockaddr_in where;
    socklen_t size = sizeof where;
    if (listener < 0 || getsockname(listener, (struct sockaddr *)&where, &size))
        return 1;
    printf("%d\n", ntohs(where.sin_port));
    fflush(stdout);
    while (modbus_tcp_accept(ctx, &listener) >= 0) {
        serve(ctx, map);
        modbus_close(ctx);
    }
    return 0;
}
