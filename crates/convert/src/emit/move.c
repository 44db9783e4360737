/* Runs of `length` bytes, each so many bytes behind the last. */
NN_INLINE void nn_move(const int8_t *from, const int32_t from_step, int8_t *to, const int32_t to_step,
                       const int32_t runs, const int32_t length)
{
    for (int32_t i = 0; i < runs; i++) {
        memcpy(to + i * to_step, from + i * from_step, (size_t)length);
    }
}
