# @MACHINE@ stands in for the part: the same objects at its addresses.@STANDIN_NOTE@
STANDIN = $(OBJECTS)@STANDIN_OBJECT@
EMULATE = $(QEMU) -M @MACHINE@ -nographic -monitor none -kernel build/@name@-standin.elf

build/@name@-standin.elf: $(STANDIN) standin.ld sections.ld
	$(LINK) $(LDFLAGS) -T standin.ld -o $@ $(STANDIN)

# What the self-test says by semihosting.
run: build/@name@-standin.elf
	$(EMULATE) -serial none -semihosting-config enable=on,target=native

# What it says through the UART.
uart: build/@name@-standin.elf
	$(EMULATE) @SERIAL@ -chardev null,id=quiet -semihosting-config enable=on,target=native,chardev=quiet

