/* The sum over the count, rounded half away from zero. */
NN_INLINE int8_t nn_rounded_mean(int32_t sum, int32_t count)
{
    return (int8_t)(((sum > 0) ? sum + count / 2 : sum - count / 2) / count);
}
