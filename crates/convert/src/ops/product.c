typedef struct {
    int32_t zeros[2];
    int32_t multiplier, rounding, shift;
    int32_t least, most;
    int is_exact;
} nn_product;

/* Runs of `length` values of `a`, each with the same `length` values of `b`. */
NN_INLINE void nn_multiply(const int8_t *a, const int8_t *b, int8_t *to, const int32_t runs, const int32_t length,
                           const nn_product *product)
{
    for (int32_t i = 0; i < runs; i++) {
        for (int32_t k = 0; k < length; k++) {
            const int32_t value = (*a - product->zeros[0]) * (b[k] - product->zeros[1]);
            *to = nn_quantised(value, product->multiplier, product->rounding, product->shift, product->is_exact,
                               product->least, product->most);
            a++;
            to++;
        }
    }
}
