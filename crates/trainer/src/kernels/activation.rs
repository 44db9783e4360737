//! Activations on vectors, and what they do to gradients.

use automcu_model::spec::Activation;

use super::lanes::{Isa, Kernel, Lanes, exp};

/// An activation as a type, so that loops over it have no branches.
pub(super) trait Activate {
    /// The activation of `x`.
    unsafe fn apply<L: Lanes>(x: L::Vector) -> L::Vector;
    /// The gradient of `x`, of that of the activation.
    unsafe fn pull<L: Lanes>(x: L::Vector, gradient: L::Vector) -> L::Vector;
}

/// Work that is compiled for each activation.
pub(super) trait Activated: Sized {
    /// Does the work. Must be `#[inline(always)]`.
    unsafe fn run<A: Activate, L: Lanes>(self);
}

struct With<A, W>(W, std::marker::PhantomData<A>);

impl<A: Activate, W: Activated> Kernel for With<A, W> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: as the caller's.
        unsafe { self.0.run::<A, L>() }
    }
}

/// Does the work with an activation.
pub(super) fn run<W: Activated>(isa: Isa, activation: Activation, work: W) {
    use std::marker::PhantomData as As;
    match activation {
        Activation::None => isa.run(With(work, As::<Identity>)),
        Activation::Relu => isa.run(With(work, As::<Relu>)),
        Activation::Relu6 => isa.run(With(work, As::<Relu6>)),
        Activation::LeakyRelu => isa.run(With(work, As::<LeakyRelu>)),
        Activation::HardSwish => isa.run(With(work, As::<HardSwish>)),
        Activation::Swish => isa.run(With(work, As::<Swish>)),
        Activation::Sigmoid => isa.run(With(work, As::<Sigmoid>)),
    }
}

struct Identity;
struct Relu;
struct Relu6;
struct LeakyRelu;
struct HardSwish;
struct Swish;
struct Sigmoid;

impl Activate for Identity {
    #[inline(always)]
    unsafe fn apply<L: Lanes>(x: L::Vector) -> L::Vector {
        x
    }

    #[inline(always)]
    unsafe fn pull<L: Lanes>(_x: L::Vector, gradient: L::Vector) -> L::Vector {
        gradient
    }
}

macro_rules! activate {
    ($type:ident, |$x:ident| $apply:expr, |$y:ident, $gradient:ident| $pull:expr) => {
        impl Activate for $type {
            #[inline(always)]
            unsafe fn apply<L: Lanes>($x: L::Vector) -> L::Vector {
                // SAFETY: as the caller's.
                unsafe { $apply }
            }

            #[inline(always)]
            unsafe fn pull<L: Lanes>($y: L::Vector, $gradient: L::Vector) -> L::Vector {
                // SAFETY: as the caller's.
                unsafe { $pull }
            }
        }
    };
}

activate!(Relu, |x| L::max(x, L::splat(0.0)), |x, gradient| {
    L::if_greater(x, L::splat(0.0), gradient, L::splat(0.0))
});
activate!(Relu6, |x| L::min(L::max(x, L::splat(0.0)), L::splat(6.0)), |x, gradient| {
    let below = L::if_greater(L::splat(6.0), x, gradient, L::splat(0.0));
    L::if_greater(x, L::splat(0.0), below, L::splat(0.0))
});
activate!(LeakyRelu, |x| L::max(x, L::mul(x, L::splat(SLOPE))), |x, gradient| {
    L::if_greater(x, L::splat(0.0), gradient, L::mul(gradient, L::splat(SLOPE)))
});
activate!(HardSwish, |x| L::mul(x, hard_gate::<L>(x)), |x, gradient| {
    // Between -3 and 3 the slope is (2 x + 3) / 6; the gate is 0 and 1 outside.
    let inside = L::mul_add(x, L::splat(1.0 / 3.0), L::splat(0.5));
    let below = L::if_greater(L::splat(3.0), x, inside, L::splat(1.0));
    L::mul(gradient, L::if_greater(x, L::splat(-3.0), below, L::splat(0.0)))
});
activate!(Swish, |x| L::mul(x, sigmoid::<L>(x)), |x, gradient| {
    let gate = sigmoid::<L>(x);
    let rest = L::mul(L::mul(x, gate), L::sub(L::splat(1.0), gate));
    L::mul(gradient, L::add(gate, rest))
});
activate!(Sigmoid, |x| sigmoid::<L>(x), |x, gradient| {
    let gate = sigmoid::<L>(x);
    L::mul(gradient, L::mul(gate, L::sub(L::splat(1.0), gate)))
});

/// The slope of a spec's leaky rectifier below 0.
const SLOPE: f32 = automcu_model::Slope::OF_SPECS.0;

#[inline(always)]
unsafe fn sigmoid<L: Lanes>(x: L::Vector) -> L::Vector {
    // SAFETY: as the caller's.
    unsafe {
        let one = L::splat(1.0);
        L::div(one, L::add(one, exp::<L>(L::sub(L::splat(0.0), x))))
    }
}

/// min(max(x + 3, 0), 6) / 6.
#[inline(always)]
unsafe fn hard_gate<L: Lanes>(x: L::Vector) -> L::Vector {
    // SAFETY: as the caller's.
    unsafe {
        let shifted = L::max(L::add(x, L::splat(3.0)), L::splat(0.0));
        L::mul(L::min(shifted, L::splat(6.0)), L::splat(1.0 / 6.0))
    }
}
