/* Takes in a row: `sums` counts up what each channel holds. */
NN_INLINE void nn_count_up(const int8_t *row, int8_t *sums, const int32_t width, const int32_t channels, const int is_first)
{
    for (int32_t c = 0; c < channels; c++) {
        int32_t sum = (is_first != 0) ? 0 : (int32_t)nn_load32(sums + 4 * c);
        for (int32_t x = 0; x < width; x++) {
            sum += row[x * channels + c];
        }
        nn_store32(sums + 4 * c, (uint32_t)sum);
    }
}
