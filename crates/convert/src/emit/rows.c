/* The rows under a window of `count` rows from `first`; NULL where there is none. */
NN_INLINE void nn_rows(const int8_t **rows, const int32_t count, const int8_t *ring, int32_t first, const int32_t height,
                       const int32_t slots, const int32_t slot_bytes)
{
    for (int32_t i = 0; i < count; i++) {
        const int32_t row = first + i;
        rows[i] = ((row < 0) || (row >= height)) ? NULL : ring + (row % slots) * slot_bytes;
    }
}
