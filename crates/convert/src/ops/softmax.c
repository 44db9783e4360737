/* Fixed point: a number of I integer bits counts steps of 2^(I - 31). */
static int32_t nn_doubled_high(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
}

static int32_t nn_saturated_up(int32_t value, int32_t bits)
{
    const int64_t wide = (int64_t)value * (INT64_C(1) << bits);
    if (wide > INT32_MAX) {
        return INT32_MAX;
    }
    return (wide < INT32_MIN) ? INT32_MIN : (int32_t)wide;
}

/* exp(x) for x <= 0 of 5 integer bits; the result has none. */
static int32_t nn_exp(int32_t x)
{
    /* exp(-2^e) for e = -2 to 4. */
    static const int32_t factors[7] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    if (x == 0) {
        return INT32_MAX;
    }
    const int32_t quarter = INT32_C(1) << 24;
    const int32_t within = (x & (quarter - 1)) - quarter;
    const int32_t near = nn_saturated_up(within, 5) + (INT32_C(1) << 28);
    const int32_t near2 = nn_doubled_high(near, near);
    const int32_t near3 = nn_doubled_high(near2, near);
    const int32_t near4 = nn_doubled_high(near2, near2);
    const int32_t third = nn_doubled_high(nn_divided(near4, 2) + near3, 715827883);
    const int32_t higher = nn_divided(third + near2, 1);
    int32_t result = 1895147668 + nn_doubled_high(1895147668, near + higher);
    const int32_t rest = within - x;
    for (int32_t i = 0; i < 7; i++) {
        if ((rest & (INT32_C(1) << (24 + i))) != 0) {
            result = nn_doubled_high(result, factors[i]);
        }
    }
    return result;
}

/* 1 / (1 + x) for 0 <= x <= 1 without integer bits, by three steps of Newton's. */
static int32_t nn_reciprocal(int32_t x)
{
    const int32_t half = x / 2 + (INT32_C(1) << 30);
    int32_t y = 1515870810 + nn_doubled_high(half, -1010580540);
    for (int32_t i = 0; i < 3; i++) {
        const int32_t rest = (INT32_C(1) << 29) - nn_doubled_high(half, y);
        y += nn_saturated_up(nn_doubled_high(y, rest), 2);
    }
    return nn_saturated_up(y, 1);
}

static int32_t nn_leading_zeros(uint32_t value)
{
    int32_t count = 0;
    while ((value & 0x80000000u) == 0u) {
        value <<= 1;
        count++;
    }
    return count;
}

/* Logits as shares of 1 in steps of 1/256 from -128. Differences from the largest below `least` count as nothing. */
static void nn_softmax(const int8_t *from, int8_t *to, int32_t count, int32_t multiplier, int32_t left, int32_t least)
{
    int32_t largest = -128;
    for (int32_t i = 0; i < count; i++) {
        largest = (from[i] > largest) ? from[i] : largest;
    }
    int32_t sum = 0;
    for (int32_t i = 0; i < count; i++) {
        const int32_t difference = from[i] - largest;
        if (difference >= least) {
            sum += nn_divided(nn_exp(nn_doubled_high(nn_shifted(difference, left), multiplier)), 12);
        }
    }
    const int32_t headroom = nn_leading_zeros((uint32_t)sum);
    const int32_t reciprocal = nn_reciprocal((int32_t)(((uint32_t)sum << headroom) - 0x80000000u));
    for (int32_t i = 0; i < count; i++) {
        const int32_t difference = from[i] - largest;
        int32_t share = 0;
        if (difference >= least) {
            const int32_t exponential = nn_exp(nn_doubled_high(nn_shifted(difference, left), multiplier));
            share = nn_divided(nn_doubled_high(reciprocal, exponential), 12 + 31 - 8 - headroom);
        }
        to[i] = nn_within(share - 128, -128, 127);
    }
}
