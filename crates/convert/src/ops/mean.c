NN_INLINE void nn_mean(const int8_t *sums, int8_t *to, const int32_t channels, const int32_t zeros, const int32_t zero,
                       const int32_t multiplier, const int32_t shift)
{
    for (int32_t c = 0; c < channels; c++) {
        const int32_t sum = (int32_t)(nn_load32(sums + 4 * c) - (uint32_t)zeros);
        to[c] = nn_quantised(sum, multiplier, zero, shift, 1, -128, 127);
    }
}
