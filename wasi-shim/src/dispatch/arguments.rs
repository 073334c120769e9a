//! How core arguments become typed ones, and values become bytes behind result pointers.

use crate::abi::{
    Advice, ClockId, Errno, Event, FdFlags, FstFlags, LookupFlags, OFlags, RiFlags, Rights,
    SdFlags, Signal, Subscription, Whence, Wire,
};
use crate::calls::sock::SiFlags;
use crate::calls::{Call, Reply};
use crate::mem::{Memory, Out, Vectors, Window};
use crate::vfs::{SetTime, SetTimes, Timestamp};
use std::borrow::Cow;

/// Something a handler takes, made of one or more core arguments.
pub(super) trait Argument<'m> {
    /// The core arguments.
    type Raw;
    /// What the handler takes.
    type Value;

    fn decode(raw: Self::Raw, call: &Call<'_>, memory: &'m Memory<'_>) -> Reply<Self::Value>;
}

macro_rules! plain_arguments {
    ($($type:ty, $raw:ty: $convert:expr;)*) => {$(
        impl Argument<'_> for $type {
            type Raw = $raw;
            type Value = Self;
            fn decode(raw: $raw, _: &Call<'_>, _: &Memory<'_>) -> Reply<Self> {
                let convert: fn($raw) -> Result<$type, Errno> = $convert;
                Ok(convert(raw)?)
            }
        }
    )*};
}

/// Bits that nobody knows are `inval`, and so are those that the flag set has no room for.
macro_rules! flags {
    ($type:ty) => {
        |raw| {
            let bits = raw.cast_unsigned().try_into().map_err(|_| Errno::Inval)?;
            <$type>::from_bits(bits).ok_or(Errno::Inval)
        }
    };
}

plain_arguments! {
    u32, i32: |raw| Ok(raw.cast_unsigned());
    u64, i64: |raw| Ok(raw.cast_unsigned());
    i64, i64: |raw| Ok(raw);
    FdFlags, i32: flags!(FdFlags);
    LookupFlags, i32: flags!(LookupFlags);
    OFlags, i32: flags!(OFlags);
    RiFlags, i32: flags!(RiFlags);
    SdFlags, i32: flags!(SdFlags);
    // A right that nobody knows applies to nothing, and rights that do not apply may be left out (`path_open`).
    Rights, i64: |raw| Ok(Rights::from_bits_truncate(raw.cast_unsigned()));
    SiFlags, i32: |raw| if raw == 0 { Ok(SiFlags) } else { Err(Errno::Inval) };
    Advice, i32: |raw| Advice::from_number(raw.cast_unsigned());
    ClockId, i32: |raw| ClockId::from_number(raw.cast_unsigned());
    Signal, i32: |raw| Signal::from_number(raw.cast_unsigned());
}

impl Argument<'_> for Whence {
    type Raw = i32;
    type Value = Self;

    /// `wasi_unstable` numbers them otherwise: from here, from the end, from the start.
    fn decode(raw: i32, call: &Call<'_>, _: &Memory<'_>) -> Reply<Self> {
        let number = raw.cast_unsigned();
        Ok(match (call.abi, number) {
            (crate::abi::Abi::Unstable, 0) => Self::Cur,
            (crate::abi::Abi::Unstable, 1) => Self::End,
            (crate::abi::Abi::Unstable, 2) => Self::Set,
            _ => Self::from_number(number)?,
        })
    }
}

/// An address whose range only the handler knows.
pub(super) type Pointer = u32;

/// A path or the text of a link.
///
/// # Errors, in order
/// A fault; `nametoolong` beyond [`Limits::path`](crate::Limits::path); `ilseq` if it is not UTF-8; `inval` if it holds a
/// NUL, which a host would take for its end.
pub(super) struct Text;

impl<'m> Argument<'m> for Text {
    type Raw = (i32, i32);
    type Value = Cow<'m, str>;

    fn decode(raw: Self::Raw, call: &Call<'_>, memory: &'m Memory<'_>) -> Reply<Cow<'m, str>> {
        let len = raw.1.cast_unsigned();
        let window = memory.window(raw.0.cast_unsigned(), len)?;
        if len > call.process.limits.path {
            return Err(Errno::Nametoolong.into());
        }
        let text = match memory.bytes(window) {
            Cow::Borrowed(bytes) => core::str::from_utf8(bytes)
                .map(Cow::Borrowed)
                .map_err(|_| Errno::Ilseq)?,
            Cow::Owned(bytes) => String::from_utf8(bytes)
                .map(Cow::Owned)
                .map_err(|_| Errno::Ilseq)?,
        };
        if text.contains('\0') {
            return Err(Errno::Inval.into());
        }
        Ok(text)
    }
}

impl Argument<'_> for Window {
    type Raw = (i32, i32);
    type Value = Self;

    fn decode(raw: Self::Raw, _: &Call<'_>, memory: &Memory<'_>) -> Reply<Self> {
        Ok(memory.window(raw.0.cast_unsigned(), raw.1.cast_unsigned())?)
    }
}

impl Argument<'_> for Vectors {
    type Raw = (i32, i32);
    type Value = Self;

    /// `inval` for too many buffers, and for buffers of more than 4 GiB together, as `readv` has it; then a fault.
    fn decode(raw: Self::Raw, call: &Call<'_>, memory: &Memory<'_>) -> Reply<Self> {
        let count = raw.1.cast_unsigned();
        if count > call.process.limits.iovecs {
            return Err(Errno::Inval.into());
        }
        let vectors = memory.vectors(raw.0.cast_unsigned(), count)?;
        u32::try_from(vectors.total()).map_err(|_| Errno::Inval)?;
        Ok(vectors)
    }
}

/// The checked array that `poll_oneoff` reads.
pub(super) struct Subscriptions;

/// The checked array that `poll_oneoff` writes.
pub(super) struct Events;

macro_rules! array_arguments {
    ($($marker:ident: $size:expr, $align:expr;)*) => {$(
        impl Argument<'_> for $marker {
            type Raw = (i32, i32);
            type Value = Window;

            /// `inval` for no element and for too many; then a fault.
            fn decode(raw: Self::Raw, call: &Call<'_>, memory: &Memory<'_>) -> Reply<Window> {
                let count = raw.1.cast_unsigned();
                if count == 0 || count > call.process.limits.subscriptions {
                    return Err(Errno::Inval.into());
                }
                let size = $size(call.abi);
                Ok(memory.array(raw.0.cast_unsigned(), count, size, $align)?)
            }
        }
    )*};
}

array_arguments! {
    Subscriptions: Subscription::size, Subscription::ALIGN;
    Events: Event::size, Event::ALIGN;
}

/// The times in the arguments of `*_filestat_set_times`.
pub(super) struct NewTimes;

impl Argument<'_> for NewTimes {
    type Raw = (i64, i64, i32);
    type Value = SetTimes;

    /// `inval` for flags that nobody knows, and for a time that is to be both given and now.
    fn decode(raw: Self::Raw, _: &Call<'_>, _: &Memory<'_>) -> Reply<SetTimes> {
        let (atim, mtim, flags) = raw;
        let bits = u16::try_from(flags.cast_unsigned()).map_err(|_| Errno::Inval)?;
        let flags = FstFlags::from_bits(bits).ok_or(Errno::Inval)?;
        let time = |value: i64, given, now| match (flags.contains(given), flags.contains(now)) {
            (false, false) => Ok(SetTime::Keep),
            (true, false) => Ok(SetTime::At(Timestamp(value.cast_unsigned()))),
            (false, true) => Ok(SetTime::Now),
            (true, true) => Err(Errno::Inval),
        };
        Ok(SetTimes {
            atim: time(atim, FstFlags::ATIM, FstFlags::ATIM_NOW)?,
            mtim: time(mtim, FstFlags::MTIM, FstFlags::MTIM_NOW)?,
        })
    }
}

/// A type of result, behind a result pointer.
pub(super) trait Gives {
    /// The result pointer, as the row has it.
    type Raw;
    /// The result pointer, checked.
    type Out;

    fn check(raw: Self::Raw, call: &Call<'_>, memory: &Memory<'_>) -> Reply<Self::Out>;
}

impl<T: Wire> Gives for T {
    type Raw = i32;
    type Out = Out<T>;

    fn check(raw: i32, call: &Call<'_>, memory: &Memory<'_>) -> Reply<Out<T>> {
        Ok(memory.out(call.abi, raw.cast_unsigned())?)
    }
}

/// A text that is cut to the buffer it goes into.
pub(super) struct Truncated(Window);

impl Gives for Truncated {
    type Raw = Window;
    type Out = Self;

    fn check(raw: Window, _: &Call<'_>, _: &Memory<'_>) -> Reply<Self> {
        Ok(Self(raw))
    }
}

/// The checked result pointers of a function, and what it takes to store its results.
pub(super) trait GivesAll {
    /// The results.
    type Values;

    fn store(self, values: Self::Values, call: &Call<'_>, memory: &mut Memory<'_>);
}

impl GivesAll for () {
    type Values = ();

    fn store(self, (): (), _: &Call<'_>, _: &mut Memory<'_>) {}
}

impl<T: Wire> GivesAll for Out<T> {
    type Values = T;

    fn store(self, value: T, call: &Call<'_>, memory: &mut Memory<'_>) {
        memory.store(call.abi, &self, &value);
    }
}

impl GivesAll for Truncated {
    type Values = String;

    fn store(self, text: String, _: &Call<'_>, memory: &mut Memory<'_>) {
        memory.write(self.0, text.as_bytes());
    }
}

impl<A: GivesAll, B: GivesAll> GivesAll for (A, B) {
    type Values = (A::Values, B::Values);

    fn store(self, (a, b): Self::Values, call: &Call<'_>, memory: &mut Memory<'_>) {
        self.0.store(a, call, memory);
        self.1.store(b, call, memory);
    }
}
