/* Runs a network on every input of in.bin, in an arena between guards that is painted before each run. */
#include "emulator.h"
#include "semihosting.h"
#include "subject.h"

#define GUARD_BYTES 32u
#define GUARD 0x3C

static struct {
    int8_t before[GUARD_BYTES];
    int8_t arena[ARENA_BYTES];
    int8_t after[GUARD_BYTES];
} memory __attribute__((aligned(8)));

static void paint(int8_t *from, uint32_t bytes, int8_t paint)
{
    for (uint32_t i = 0; i < bytes; i++) {
        ((volatile int8_t *)from)[i] = paint;
    }
}

static uint32_t changed(const int8_t *from, uint32_t bytes, int8_t paint)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        count += (from[i] != paint) ? 1u : 0u;
    }
    return count;
}

int main(void)
{
    emulator_paint_stack();
    const int32_t in = emulator_open("in.bin", 6, 0);
    const int32_t out = emulator_open("out.bin", 7, 1);
    if ((in < 0) || (out < 0)) {
        semihosting_print("in.bin or out.bin cannot be opened\n");
        return 2;
    }
    paint(memory.before, GUARD_BYTES, GUARD);
    paint(memory.after, GUARD_BYTES, GUARD);
    int8_t *input = network_input(memory.arena);
    uint32_t count = 0, first = 0, last = 0, touched = 0, wrapped = 0;
    for (;;) {
        /* Another paint each time: an answer must not depend on what was there. */
        const int8_t colour = (int8_t)(0x5A + 37 * (int32_t)(count % 7u));
        paint(memory.arena, ARENA_BYTES, colour);
        if (emulator_read(in, input, INPUT_BYTES) != INPUT_BYTES) {
            break;
        }
        emulator_start_ticks();
        const uint32_t start = emulator_ticks();
        network_run(memory.arena);
        last = emulator_ticks() - start;
        wrapped |= emulator_wrapped();
        if (count == 0u) {
            first = last;
        }
        for (uint32_t i = ARENA_BYTES; i > touched; i--) {
            if (memory.arena[i - 1u] != colour) {
                touched = i;
                break;
            }
        }
        if (emulator_write(out, network_output(memory.arena), OUTPUT_BYTES) != OUTPUT_BYTES) {
            semihosting_print("out.bin cannot be written\n");
            return 3;
        }
        count++;
    }
    semihosting_print_number("automcu: inputs=", count);
    semihosting_print_number(" first=", first);
    semihosting_print_number(" last=", last);
    semihosting_print_number(" wrapped=", wrapped);
    semihosting_print_number(" stack=", emulator_stack());
    semihosting_print_number(" touched=", touched);
    semihosting_print_number(" guards=", changed(memory.before, GUARD_BYTES, GUARD) + changed(memory.after, GUARD_BYTES, GUARD));
    semihosting_print("\n");
    return 0;
}
