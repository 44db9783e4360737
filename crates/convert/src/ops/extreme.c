NN_INLINE void nn_extreme(const int8_t *a, const int8_t *b, int8_t *to, const int32_t count, const int is_larger)
{
    for (int32_t i = 0; i < count; i++) {
        const int takes_first = (is_larger != 0) ? (a[i] > b[i]) : (a[i] < b[i]);
        to[i] = (takes_first != 0) ? a[i] : b[i];
    }
}
