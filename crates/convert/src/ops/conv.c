typedef struct {
    int32_t kernel_height, kernel_width, stride, left; /* left: columns of padding */
    int32_t width, channels;                           /* of the input */
    int32_t out_width, out_channels;
    int32_t pixel_step, channel_step; /* bytes from one output to the next */
    int32_t count;                    /* products for one output, a multiple of 4 */
    int32_t least, most;
    int is_exact;
} nn_conv;

/* The values under `count` columns from `x`, each column from top to bottom, made ready for the products; padding holds
   `zero`. */
NN_INLINE int8_t *nn_columns(int8_t *to, const int8_t *const *rows, int32_t x, const int32_t count, const int32_t zero,
                             const nn_conv *shape)
{
    for (int32_t i = 0; i < count; i++, x++) {
        if ((x < 0) || (x >= shape->width)) {
            to = nn_repeated(to, zero, shape->kernel_height * shape->channels);
            continue;
        }
        for (int32_t k = 0; k < shape->kernel_height; k++) {
            if (rows[k] == NULL) {
                to = nn_repeated(to, zero, shape->channels);
            } else {
                to = nn_widened(to, rows[k] + x * shape->channels, shape->channels);
            }
        }
    }
    return to;
}

/* A row of the output where the channels of the input come in fours. */
NN_INLINE void nn_conv_row(const int8_t *const *rows, int8_t *out, int8_t *scratch, const int8_t *weights,
                           const nn_channel *channels, const int32_t zero, const nn_conv *shape)
{
    const int32_t column = shape->kernel_height * shape->channels * NN_WIDTH;
    const int is_shared = shape->stride < shape->kernel_width;
    const int32_t apart = (is_shared ? shape->stride : shape->kernel_width) * column;
    for (int32_t x = 0; x < shape->out_width; x += 2) {
        const int32_t from = x * shape->stride - shape->left;
        int8_t *first = out + x * shape->pixel_step;
        /* Behind a last pixel without a neighbour one is computed that the pixel itself is then written over. */
        int8_t *second = (x + 1 < shape->out_width) ? first + shape->pixel_step : first;
        if (is_shared) {
            (void)nn_columns(scratch, rows, from, shape->kernel_width + shape->stride, zero, shape);
        } else {
            int8_t *to = nn_columns(scratch, rows, from, shape->kernel_width, zero, shape);
            (void)nn_columns(to, rows, from + shape->stride, shape->kernel_width, zero, shape);
        }
        nn_pixels(scratch, apart, weights, shape->count, channels, shape->out_channels, first, second,
                  shape->channel_step, shape->is_exact, shape->least, shape->most);
    }
}
