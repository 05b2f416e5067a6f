package com.example;

import io.github.kib4j.objective.Dependence;
import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;
import io.github.kib4j.op.Estimator;
import io.github.kib4j.op.Kernel;

public final class Stranger {
    public static void main(String[] arguments) {
        float[][] x = {{0}, {1}, {2}, {3}};
        try (Device device = Devices.open("cpu", 0).device()) {
            Kernel kernel = Kernel.gaussian(1);
            System.out.println("HSIC " + Dependence.of(device, x, kernel, x, kernel, Estimator.HSIC));
        }
    }
}
