/* A single window over the whole map, from its sums. */
NN_INLINE void nn_pool_all(const int8_t *sums, int8_t *to, const int32_t channels, const int32_t count)
{
    for (int32_t c = 0; c < channels; c++) {
        to[c] = nn_rounded_mean((int32_t)nn_load32(sums + 4 * c), count);
    }
}
