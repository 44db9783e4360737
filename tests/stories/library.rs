//! What stands in for a compiler's library computes what that would, as far as this computer can tell.

use std::path::Path;

use automcu_needs::need;
use automcu_process::{Limits, Program, Status};

/// The library under names of its own, beside the computer's own arithmetic.
const PROGRAM: &str = r#"
#include <stdint.h>
#include <stdio.h>
#define __arm__ 1
#define memcpy copied
#define memmove moved
#define memset filled
#include "library.c"

static uint64_t state = 88172645463325252u;

static uint64_t drawn(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state >> (state & 63u);
}

static int differs(uint64_t a, uint64_t b, int by)
{
    const int64_t product = (int64_t)(a * b);
    int differing = (__aeabi_lmul(a, b) != a * b) | (__aeabi_llsl(a, by) != a << by) | (__aeabi_llsr(a, by) != a >> by);
    differing |= __aeabi_lasr(product, by) != product >> by;
    const uint32_t x = (uint32_t)(a * b);
    const uint32_t y = (uint32_t)b;
    const int32_t m = (int32_t)x;
    const int32_t n = (int32_t)y;
    if (y != 0u) {
        differing |= (__aeabi_uidiv(x, y) != x / y) | ((__aeabi_uidivmod(x, y) >> 32) != x % y);
    }
    if (n != 0 && !(m == INT32_MIN && n == -1)) {
        differing |= (__aeabi_idiv(m, n) != m / n) | ((int32_t)(__aeabi_idivmod(m, n) >> 32) != m % n);
    }
    return differing;
}

int main(void)
{
    for (int i = 0; i < 300000; i++) {
        const uint64_t a = drawn();
        const uint64_t b = drawn();
        if (differs(a, b, i & 63)) {
            printf("%llx %llx %d\n", (unsigned long long)a, (unsigned long long)b, i & 63);
            return 1;
        }
    }
    char text[8] = "abcdefg";
    moved(text + 1, text, 4);
    moved(text, text + 2, 3);
    __aeabi_memclr(text + 6, 1);
    __aeabi_memset(text + 5, 1, 'x');
    puts(text);
    return 0;
}
"#;

#[test]
fn a_library_of_our_own_computes_what_the_computer_does() {
    let Some(compiler) = need("cc") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("program.c"), PROGRAM).expect("writable");
    let firmware = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/firmware");
    let include = format!("-I{}", firmware.display());
    let line = ["-std=gnu99", "-O1", "-fsanitize=undefined", "-fno-sanitize-recover", "-w", &include, "-o", "program"];
    let built = Program::new(compiler, folder.path()).args(line).arg("program.c").run(Limits::of_seconds(60));
    let built = built.expect("it starts");
    assert_eq!(built.status, Status::Exited(0), "{}", built.errors.text);
    let ran =
        Program::new(folder.path().join("program"), folder.path()).run(Limits::of_seconds(60)).expect("it starts");
    assert_eq!((ran.status, ran.output.text.trim()), (Status::Exited(0), "bcdcdx"), "{}", ran.errors.text);
}
