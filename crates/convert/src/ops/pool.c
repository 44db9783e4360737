typedef struct {
    int32_t height, kernel_width, stride, left; /* height: rows of the window; left: columns of padding */
    int32_t width, channels, out_width;
    int is_max;
} nn_pool;

NN_INLINE void nn_pool_row(const int8_t *const *rows, int8_t *to, const nn_pool *shape)
{
    for (int32_t x = 0; x < shape->out_width; x++) {
        const int32_t first = x * shape->stride - shape->left;
        const int32_t from = (first > 0) ? first : 0;
        const int32_t behind = first + shape->kernel_width;
        const int32_t end = (behind < shape->width) ? behind : shape->width;
        for (int32_t c = 0; c < shape->channels; c++) {
            int32_t sum = 0, count = 0, most = -128;
            for (int32_t k = 0; k < shape->height; k++) {
                if (rows[k] != NULL) {
                    for (int32_t i = from; i < end; i++) {
                        const int32_t value = rows[k][i * shape->channels + c];
                        sum += value;
                        most = (value > most) ? value : most;
                    }
                    count += end - from;
                }
            }
            *to = (shape->is_max != 0) ? (int8_t)most : nn_rounded_mean(sum, count);
            to++;
        }
    }
}
