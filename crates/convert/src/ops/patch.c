/* The values under one window, row by row, where its channels do not come in fours. */
NN_INLINE void nn_patch(int8_t *to, const int8_t *const *rows, const int32_t x, const int32_t zero,
                        const nn_conv *shape)
{
    const int32_t run = shape->kernel_width * shape->channels;
    for (int32_t k = 0; k < shape->kernel_height; k++) {
        if ((rows[k] != NULL) && (x >= 0) && (x + shape->kernel_width <= shape->width)) {
            memcpy(to, rows[k] + x * shape->channels, (size_t)run);
        } else {
            for (int32_t i = 0; i < shape->kernel_width; i++) {
                const int is_inside = (rows[k] != NULL) && (x + i >= 0) && (x + i < shape->width);
                for (int32_t c = 0; c < shape->channels; c++) {
                    to[i * shape->channels + c] =
                        (is_inside != 0) ? rows[k][(x + i) * shape->channels + c] : (int8_t)zero;
                }
            }
        }
        to += run;
    }
}

NN_INLINE void nn_patch_row(const int8_t *const *rows, int8_t *out, int8_t *scratch, const int8_t *weights,
                            const nn_channel *channels, const int32_t zero, const nn_conv *shape)
{
    const int32_t apart = shape->count * NN_WIDTH;
    for (int32_t x = 0; x < shape->out_width; x += 2) {
        const int32_t from = x * shape->stride - shape->left;
        int8_t *first = out + x * shape->pixel_step;
        int8_t *second = (x + 1 < shape->out_width) ? first + shape->pixel_step : first;
        for (int32_t i = 0; i < 2; i++) {
#ifdef NN_DSP
            int8_t *bytes = scratch + 2 * apart;
            nn_patch(bytes, rows, from + i * shape->stride, zero, shape);
            (void)nn_widened(scratch + i * apart, bytes, shape->count);
#else
            nn_patch(scratch + i * apart, rows, from + i * shape->stride, zero, shape);
#endif
        }
        nn_pixels(scratch, apart, weights, shape->count, channels, shape->out_channels, first, second,
                  shape->channel_step, shape->is_exact, shape->least, shape->most);
    }
}
