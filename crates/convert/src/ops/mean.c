NN_INLINE void nn_mean(const int8_t *sums, int8_t *to, const int32_t channels, const int32_t zeros, const int32_t zero,
                       const int32_t multiplier, const int32_t shift)
{
    for (int32_t c = 0; c < channels; c++) {
        const int32_t sum = (int32_t)nn_load32(sums + 4 * c) - zeros;
        to[c] = nn_within(nn_rescaled(sum, multiplier, shift) + zero, -128, 127);
    }
}
