
# @MACHINE@ stands in for the part: the same code at its addresses.
add_firmware(automcu_@name@_standin standin.ld@STANDIN_SOURCE@)
add_custom_target(run COMMAND qemu-system-arm -M @MACHINE@ -nographic -monitor none -serial none
  -semihosting-config enable=on,target=native -kernel $<TARGET_FILE:automcu_@name@_standin>)
