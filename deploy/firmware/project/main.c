/* Runs @name@ on the inputs of vectors.h, compares every byte that it answers, and says how long one inference takes: to a
   debugger or emulator (the exit status is 0 where all is well, 1 where not) and through board_write. */
#include <stdint.h>
#include <string.h>

#include "@name@.h"
#include "board.h"
#include "semihosting.h"
#include "vectors.h"

/* For a debugger that only looks: 1 while it runs, 2 once it has passed, 3 once it has failed. */
volatile uint32_t self_test_state = 1;

void fault(uint32_t status);

static void say(const char *text)
{
    semihosting_print(text);
    board_write(text, (unsigned)strlen(text));
}

static void say_number(const char *before, uint32_t number, const char *after)
{
    char digits[11];
    say(before);
    say(semihosting_digits(digits, number));
    say(after);
}

/* A fault is told, and fails the test. */
void fault(uint32_t status)
{
    self_test_state = 3;
    say_number("@name@: fault, CFSR ", status, "\n");
    semihosting_exit(1);
    for (;;) {
    }
}

static uint32_t differing(uint32_t vector)
{
    uint32_t count = 0;
    memcpy(@name@_input(@name@_arena), @name@_inputs[vector], @NAME@_INPUT_BYTES);
    @name@_run(@name@_arena);
    const int8_t *output = @name@_output(@name@_arena);
    for (uint32_t i = 0; i < @NAME@_OUTPUT_BYTES; i++) {
        count += (output[i] != @name@_outputs[vector][i]) ? 1u : 0u;
    }
    return count;
}

static void time_one(void)
{
    memcpy(@name@_input(@name@_arena), @name@_inputs[0], @NAME@_INPUT_BYTES);
    const uint32_t start = board_cycles();
    @name@_run(@name@_arena);
    const uint32_t cycles = board_cycles() - start;
    if (cycles == 0u) {
        say("@name@: no cycle counter\n");
    } else {
        say_number("@name@: ", cycles, " cycles an inference (device)\n");
    }
}

int main(void)
{
    uint32_t wrong = 0;
    board_start();
    say("@name@ for @PART@\n");
    for (uint32_t i = 0; i < @NAME@_VECTORS; i++) {
        wrong += differing(i);
    }
    say_number("@name@: ", @NAME@_VECTORS, " inputs, ");
    say_number("", wrong, " bytes differ\n");
    time_one();
    say((wrong == 0u) ? "@name@: self-test passed\n" : "@name@: self-test FAILED\n");
    self_test_state = (wrong == 0u) ? 2u : 3u;
    return (wrong == 0u) ? 0 : 1;
}
