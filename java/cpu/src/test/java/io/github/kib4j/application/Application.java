package io.github.kib4j.application;

import io.github.kib4j.op.Device;
import io.github.kib4j.op.Devices;

/** A program of somebody else that asks for the best device. */
public final class Application {
    private Application() {}

    /** Prints the device's name. */
    public static void main(String[] arguments) {
        try (Device device = Devices.open(Devices.AUTO, 1).device()) {
            System.out.println("device " + device.name());
        }
    }
}
