// Results that hang on bits which a GPU does not give: sums and products rounded twice, approximate instructions taken
// for exact ones. And instructions that are not emulated, beside kernels of the same file that run.
#include "planted.h"

// ptxas makes one fused multiply-add of the product and the difference; __fmul_rn and __fsub_rn round each.
// EXPECT rounded_twice: wrong result
__global__ void step(float* w, const float* g, float rate) { w[threadIdx.x] = w[threadIdx.x] - rate * g[threadIdx.x]; }
__global__ void step_repaired(float* w, const float* g, float rate) {
  w[threadIdx.x] = __fsub_rn(w[threadIdx.x], __fmul_rn(rate, g[threadIdx.x]));
}
PLANTED(rounded_twice) {
  std::vector<float> w(kBlock), g(kBlock), wanted(kBlock);
  for (int i = 0; i < kBlock; ++i) {
    g[i] = 1 / (float(i) + 3);
    volatile float product = 0.1f * g[i];
    w[i] = product;  // rounded twice, the difference is 0
    wanted[i] = 0;
  }
  bool right;
  {
    Device<float> weights(w), gradient(g);
    (repaired ? step_repaired : step)<<<1, kBlock>>>(weights, gradient, 0.1f);
    right = weights.get() == wanted;
  }
  correct(right);
}

// EXPECT fused_elsewhere: wrong result
// A product that is also stored is not fused: the sum is rounded twice, and std::fma is the wrong thing to compare
// with.
__global__ void keep(const float* x, float* product, float* sum) {
  float p = x[threadIdx.x] * x[threadIdx.x];
  product[threadIdx.x] = p;
  sum[threadIdx.x] = x[0] - p;
}
__global__ void keep_repaired(const float* x, float* product, float* sum) {
  product[threadIdx.x] = x[threadIdx.x] * x[threadIdx.x];
  sum[threadIdx.x] = __fmaf_rn(-x[threadIdx.x], x[threadIdx.x], x[0]);
}
PLANTED(fused_elsewhere) {
  std::vector<float> x(kBlock), wanted(kBlock);
  for (int i = 0; i < kBlock; ++i) x[i] = 1 + 1 / (float(i) + 3);
  for (int i = 0; i < kBlock; ++i) wanted[i] = std::fma(-x[i], x[i], x[0]);
  bool right;
  {
    Device<float> input(x), product(kBlock), sum(kBlock);
    (repaired ? keep_repaired : keep)<<<1, kBlock>>>(input, product, sum);
    right = sum.get() == wanted;
    product.get();
  }
  correct(right);
}

// EXPECT approximate_tanh: wrong result | | | seeds=20
__global__ void hyperbolic(const float* x, float* y) {
  asm("tanh.approx.f32 %0, %1;" : "=f"(y[threadIdx.x]) : "f"(x[threadIdx.x]));
}
PLANTED(approximate_tanh) {
  std::vector<float> x(kBlock);
  for (int i = 0; i < kBlock; ++i) x[i] = float(i - kBlock / 2) / 16;
  bool right = true;
  {
    Device<float> input(x), output(kBlock);
    hyperbolic<<<1, kBlock>>>(input, output);
    std::vector<float> y = output.get();
    for (int i = 0; i < kBlock; ++i) {
      double exact = std::tanh(double(x[i]));
      right &= repaired ? std::abs(y[i] - exact) <= std::ldexp(std::abs(exact), -11) : y[i] == float(exact);
    }
  }
  correct(right);
}

// EXPECT huge_divisor: wrong result
__global__ void divide(const float* x, float* y, bool precise) {
  y[threadIdx.x] = precise ? x[0] / x[1] : __fdividef(x[0], x[1]);
}
PLANTED(huge_divisor) {
  bool right;
  {
    Device<float> x(std::vector<float>{3e38f, 2e38f}), y(kBlock);
    divide<<<1, kBlock>>>(x, y, repaired);
    right = y.get()[0] == 3e38f / 2e38f;
  }
  correct(right);
}

// EXPECT not_emulated: not emulated: product_of_doubles.*:[0-9]+: instruction 'mma.sync.* is not emulated
__global__ void product_of_doubles(double* y) {
  double d[2];
  asm volatile("mma.sync.aligned.m8n8k4.row.col.f64.f64.f64.f64 {%0,%1}, {%2}, {%3}, {%2,%3};"
               : "=d"(d[0]), "=d"(d[1])
               : "d"(1.0), "d"(2.0));
  y[threadIdx.x] = d[0] + d[1];
}
__global__ void sum_of_doubles(double* y) { y[threadIdx.x] = 1.0 + 2.0; }
PLANTED(not_emulated) {
  Device<double> y(kBlock);
  if (repaired) {
    sum_of_doubles<<<1, kBlock>>>(y);
    CUDA(cudaGetLastError());
    if (y.get()[0] != 3.0) throw std::runtime_error("the other kernel did not run");
  } else {
    product_of_doubles<<<1, 32>>>(y);
    if (cudaGetLastError() == cudaSuccess) throw std::runtime_error("the launch was accepted");
    product_of_doubles<<<1, 32>>>(y);  // reported once
    cudaGetLastError();
  }
}
