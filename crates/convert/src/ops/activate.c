NN_INLINE void nn_look_up(const int8_t *from, int8_t *to, const int32_t count, const int8_t table[256])
{
    for (int32_t i = 0; i < count; i++) {
        to[i] = table[from[i] + 128];
    }
}
