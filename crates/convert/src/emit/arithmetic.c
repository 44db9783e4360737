/* How accumulators of one output channel become int8. */
typedef struct {
    int32_t bias;       /* with the zero point of the input folded in */
    int32_t multiplier; /* 31 bits of the factor */
    int32_t rounding;   /* half a unit and the zero point of the output, before the shift */
    int32_t shift;      /* to the right */
} nn_channel;

NN_INLINE uint32_t nn_load32(const int8_t *from)
{
    uint32_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

NN_INLINE void nn_store32(int8_t *to, uint32_t word)
{
    memcpy(to, &word, sizeof word);
}

/* Sums wrap around, as the reference's do. */
NN_INLINE int32_t nn_plus(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

NN_INLINE int32_t nn_shifted(int32_t value, int32_t left)
{
    return (int32_t)((uint32_t)value << left);
}

#ifdef NN_DSP
/* The accesses and products below are volatile so that they stay in the order in which they are written: compilers that
   move them apart run out of registers. */
NN_INLINE uint32_t nn_even(uint32_t bytes)
{
    uint32_t lanes;
    __asm__ volatile("sxtb16 %0, %1" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

NN_INLINE uint32_t nn_odd(uint32_t bytes)
{
    uint32_t lanes;
    __asm__ volatile("sxtb16 %0, %1, ror #8" : "=r"(lanes) : "r"(bytes));
    return lanes;
}

NN_INLINE int32_t nn_both(uint32_t a, uint32_t b, int32_t sum)
{
    __asm__ volatile("smlad %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

NN_INLINE int32_t nn_low_low(uint32_t a, uint32_t b, int32_t sum)
{
    __asm__ volatile("smlabb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}

NN_INLINE int32_t nn_high_low(uint32_t a, uint32_t b, int32_t sum)
{
    __asm__ volatile("smlatb %0, %1, %2, %0" : "+r"(sum) : "r"(a), "r"(b));
    return sum;
}
#endif

/* floor((2 a b + 2^31) / 2^32) for |a| < 2^30. */
NN_INLINE int32_t nn_high(int32_t a, int32_t b)
{
#ifdef NN_DSP
    int32_t high;
    __asm__("smmulr %0, %1, %2" : "=r"(high) : "r"(nn_shifted(a, 1)), "r"(b));
    return high;
#else
    return (int32_t)(((int64_t)a * b + (INT64_C(1) << 30)) >> 31);
#endif
}

NN_INLINE int8_t nn_within(int32_t value, const int32_t least, const int32_t most)
{
#ifdef NN_DSP
    if ((least == -128) && (most == 127)) {
        int32_t saturated;
        __asm__("ssat %0, #8, %1" : "=r"(saturated) : "r"(value));
        return (int8_t)saturated;
    }
#endif
    if (value < least) {
        return (int8_t)least;
    }
    return (int8_t)((value > most) ? most : value);
}

/* value / 2^exponent, rounded half away from zero. */
NN_INLINE int32_t nn_divided(int32_t value, int32_t exponent)
{
    if (exponent > 31) {
        return 0;
    }
    const int32_t mask = (int32_t)((UINT32_C(1) << exponent) - 1u);
    const int32_t threshold = (mask >> 1) + ((value < 0) ? 1 : 0);
    return (value >> exponent) + (((value & mask) > threshold) ? 1 : 0);
}

/* value * multiplier * 2^(shift - 31), rounded twice, for every shift. */
NN_INLINE int32_t nn_rescaled(int32_t value, int32_t multiplier, int32_t shift)
{
    const int32_t left = (shift > 0) ? nn_shifted(value, shift) : value;
    const int32_t high = (int32_t)(((int64_t)left * multiplier + (INT64_C(1) << 30)) >> 31);
    return (shift < 0) ? nn_divided(high, -shift) : high;
}

/* An accumulator as int8. `is_exact`: the rare form for factors that the quick one does not cover, whose table holds the
   zero point as `rounding` and the shift to the left as `shift`. */
NN_INLINE int8_t nn_quantised(int32_t sum, int32_t multiplier, int32_t rounding, int32_t shift, const int is_exact,
                              const int32_t least, const int32_t most)
{
    if (is_exact != 0) {
        const int32_t far = INT32_C(1) << 30;
        const int32_t rescaled = nn_rescaled(sum, multiplier, shift);
        const int32_t near = (rescaled > far) ? far : ((rescaled < -far) ? -far : rescaled);
        return nn_within(near + rounding, least, most);
    } else {
        const int32_t high = nn_high(sum, multiplier);
        return nn_within((high + rounding + (high >> 31)) >> shift, least, most);
    }
}
