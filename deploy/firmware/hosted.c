/* Runs a network on every input of in.bin on the computer at hand, in an arena that is painted before each run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subject.h"

int main(void)
{
    FILE *in = fopen("in.bin", "rb");
    FILE *out = fopen("out.bin", "wb");
    /* Of its own, so that a checker of memory sees its ends. */
    int8_t *arena = malloc(ARENA_BYTES);
    if ((in == NULL) || (out == NULL) || (arena == NULL)) {
        fputs("in.bin or out.bin cannot be opened\n", stderr);
        return 2;
    }
    unsigned count = 0;
    for (;;) {
        memset(arena, 0x5A + 37 * (int)(count % 7u), ARENA_BYTES);
        if (fread(network_input(arena), 1, INPUT_BYTES, in) != INPUT_BYTES) {
            break;
        }
        network_run(arena);
        if (fwrite(network_output(arena), 1, OUTPUT_BYTES, out) != OUTPUT_BYTES) {
            return 3;
        }
        count++;
    }
    free(arena);
    fclose(in);
    return (fclose(out) == 0) ? 0 : 3;
}
