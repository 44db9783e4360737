typedef struct {
    int32_t count, padded; /* values of the input, and weights for each output: a multiple of 4 */
    int32_t outputs;
    int32_t least, most;
    int is_exact;
} nn_dense;

NN_INLINE void nn_dense_all(const int8_t *from, int8_t *to, const int8_t *weights, const nn_channel *channels,
                            const nn_dense *shape)
{
    for (int32_t i = 0; i < shape->outputs; i++) {
        const nn_channel channel = channels[i];
        int32_t sum = channel.bias;
        int32_t k = 0;
#ifdef NN_DSP
        for (; k + 4 <= shape->count; k += 4) {
            const uint32_t x = nn_load32(from + k), w = nn_load32(weights + k);
            sum = nn_both(nn_odd(x), nn_odd(w), nn_both(nn_even(x), nn_even(w), sum));
        }
#endif
        for (; k < shape->count; k++) {
            sum = nn_plus(sum, from[k] * weights[k]);
        }
        to[i] = nn_quantised(sum, channel.multiplier, channel.rounding, channel.shift, shape->is_exact, shape->least,
                             shape->most);
        weights += shape->padded;
    }
}
