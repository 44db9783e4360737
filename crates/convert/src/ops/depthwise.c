typedef struct {
    int32_t kernel_height, kernel_width, stride, left; /* left: columns of padding */
    int32_t width, multiplier;                         /* of the input; output channels for each of its channels */
    int32_t in_pixel_step, in_channel_step;            /* bytes from one input to the next */
    int32_t out_width, out_channels;
    int32_t pixel_step, channel_step; /* bytes from one output to the next */
    int32_t pitch;                    /* bytes of a row of one channel with its padding */
    int32_t least, most;
    int is_exact;
} nn_depthwise;

/* One channel of a row with its padding, which holds `zero`; `row` is NULL where there is none. */
NN_INLINE void nn_plane(int8_t *to, const int8_t *row, const int32_t zero, const nn_depthwise *shape)
{
    const int32_t needed = (shape->out_width - 1) * shape->stride + shape->kernel_width;
    if (row == NULL) {
        for (int32_t i = 0; i < shape->pitch; i += 4) {
            nn_store32(to + i, ((uint32_t)zero & 0xffu) * 0x1010101u);
        }
        return;
    }
    for (int32_t i = 0; i < shape->left; i++) {
        to[i] = (int8_t)zero;
    }
    int8_t *inside = to + shape->left;
    if ((shape->in_pixel_step == 1) && ((shape->width % 4) == 0) && (shape->left + shape->width <= shape->pitch)) {
        for (int32_t i = 0; i < shape->width; i += 4) {
            nn_store32(inside + i, nn_load32(row + i));
        }
    } else {
        for (int32_t i = 0; (i < shape->width) && (i + shape->left < shape->pitch); i++) {
            inside[i] = row[i * shape->in_pixel_step];
        }
    }
    for (int32_t i = shape->left + shape->width; i < needed; i++) {
        to[i] = (int8_t)zero;
    }
}

/* Two neighbouring outputs of one row of the kernel: `x` is where its first tap meets the first output. */
NN_INLINE void nn_taps(int32_t *first, int32_t *second, const int8_t *x, const int8_t *taps, const nn_depthwise *shape)
{
#ifdef NN_DSP
    for (int32_t i = 0; i < shape->kernel_width; i += 4) {
        const uint32_t k = nn_load32(taps + i), k02 = nn_even(k), k13 = nn_odd(k);
        const uint32_t u = nn_load32(x + i);
        *first = nn_both(nn_odd(u), k13, nn_both(nn_even(u), k02, *first));
        const uint32_t v = nn_load32(x + i + shape->stride);
        *second = nn_both(nn_odd(v), k13, nn_both(nn_even(v), k02, *second));
    }
#else
    for (int32_t i = 0; i < shape->kernel_width; i++) {
        *first = nn_plus(*first, x[i] * taps[i]);
        *second = nn_plus(*second, x[i + shape->stride] * taps[i]);
    }
#endif
}

#ifdef NN_DSP
/* One row of a kernel of at most three columns: k02 and k1 are its taps, widened. */
NN_INLINE void nn_three_taps(int32_t *first, int32_t *second, const int8_t *x, uint32_t k02, uint32_t k1,
                             const int32_t stride)
{
    const uint32_t word = nn_load32(x), even = nn_even(word), odd = nn_odd(word);
    *first = nn_low_low(odd, k1, nn_both(even, k02, *first));
    if (stride == 1) {
        *second = nn_high_low(even, k1, nn_both(odd, k02, *second));
    } else {
        const uint32_t next = nn_load32(x + stride);
        *second = nn_low_low(nn_odd(next), k1, nn_both(nn_even(next), k02, *second));
    }
}

/* All outputs of one channel under a kernel of three rows and at most three columns, whose taps stay in registers. */
NN_INLINE void nn_three_by_three(const int8_t *from, int8_t *to, const int8_t *weights, const nn_channel *channel,
                                 const nn_depthwise *shape)
{
    const uint32_t top = nn_load32(weights), middle = nn_load32(weights + 4), bottom = nn_load32(weights + 8);
    const uint32_t t02 = nn_even(top), t1 = nn_odd(top), m02 = nn_even(middle), m1 = nn_odd(middle);
    const uint32_t b02 = nn_even(bottom), b1 = nn_odd(bottom);
    for (int32_t x = 0; x < shape->out_width; x += 2) {
        int32_t first = channel->bias, second = channel->bias;
        nn_three_taps(&first, &second, from, t02, t1, shape->stride);
        nn_three_taps(&first, &second, from + shape->pitch, m02, m1, shape->stride);
        nn_three_taps(&first, &second, from + 2 * shape->pitch, b02, b1, shape->stride);
        to[0] = nn_quantised(first, channel->multiplier, channel->rounding, channel->shift, shape->is_exact,
                             shape->least, shape->most);
        if (((shape->out_width % 2) == 0) || (x + 1 < shape->out_width)) {
            to[shape->pixel_step] = nn_quantised(second, channel->multiplier, channel->rounding, channel->shift,
                                                 shape->is_exact, shape->least, shape->most);
        }
        to += 2 * shape->pixel_step;
        from += 2 * shape->stride;
    }
}
#endif

NN_INLINE void nn_depthwise_row(const int8_t *const *rows, int8_t *out, int8_t *scratch, const int8_t *weights,
                                const nn_channel *channels, const int32_t zero, const nn_depthwise *shape)
{
    const int32_t tap_bytes = ((shape->kernel_width + 3) / 4) * 4;
    for (int32_t c = 0; c < shape->out_channels; c++) {
        if ((c % shape->multiplier) == 0) {
            for (int32_t k = 0; k < shape->kernel_height; k++) {
                const int8_t *row = rows[k];
                nn_plane(scratch + k * shape->pitch,
                         (row == NULL) ? NULL : row + (c / shape->multiplier) * shape->in_channel_step, zero, shape);
            }
        }
        const nn_channel channel = channels[c];
#ifdef NN_DSP
        if ((shape->kernel_height == 3) && (shape->kernel_width <= 3)) {
            nn_three_by_three(scratch, out + c * shape->channel_step, weights, &channel, shape);
            weights += 3 * tap_bytes;
            continue;
        }
#endif
        int8_t *to = out + c * shape->channel_step;
        const int8_t *from = scratch;
        for (int32_t x = 0; x < shape->out_width; x += 2) {
            int32_t first = channel.bias, second = channel.bias;
            for (int32_t k = 0; k < shape->kernel_height; k++) {
                nn_taps(&first, &second, from + k * shape->pitch, weights + k * tap_bytes, shape);
            }
            to[0] = nn_quantised(first, channel.multiplier, channel.rounding, channel.shift, shape->is_exact,
                                 shape->least, shape->most);
            if (((shape->out_width % 2) == 0) || (x + 1 < shape->out_width)) {
                to[shape->pixel_step] = nn_quantised(second, channel.multiplier, channel.rounding, channel.shift,
                                                     shape->is_exact, shape->least, shape->most);
            }
            to += 2 * shape->pixel_step;
            from += 2 * shape->stride;
        }
        weights += shape->kernel_height * tap_bytes;
    }
}
