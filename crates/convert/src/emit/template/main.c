/* Runs @name@ on the inputs of vectors.h and compares every byte that it answers. */
#include <stdio.h>
#include <string.h>

#include "@name@.h"
#include "vectors.h"

int main(void)
{
    int wrong = 0;
    for (int i = 0; i < @NAME@_VECTORS; i++) {
        memcpy(@name@_input(@name@_arena), @name@_inputs[i], @NAME@_INPUT_BYTES);
        @name@_run(@name@_arena);
        const int8_t *output = @name@_output(@name@_arena);
        for (int k = 0; k < @NAME@_OUTPUT_BYTES; k++) {
            wrong += (output[k] != @name@_outputs[i][k]);
        }
    }
    printf("@name@: %d inputs, %d bytes differ, an arena of %d bytes\n", @NAME@_VECTORS, wrong, @NAME@_ARENA_BYTES);
    return (wrong == 0) ? 0 : 1;
}
