/* Takes in a row: `to` holds the largest value of each channel so far. */
NN_INLINE void nn_most(const int8_t *row, int8_t *to, const int32_t width, const int32_t channels, const int is_first)
{
    for (int32_t c = 0; c < channels; c++) {
        int8_t most = (is_first != 0) ? (int8_t)-128 : to[c];
        for (int32_t x = 0; x < width; x++) {
            const int8_t value = row[x * channels + c];
            most = (value > most) ? value : most;
        }
        to[c] = most;
    }
}
