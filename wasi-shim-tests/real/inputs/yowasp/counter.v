// Counts clock edges; the upper bits drive four lights.
module counter(input clk, input reset, output [3:0] led);
  reg [25:0] count = 0;

  always @(posedge clk)
    if (reset) count <= 0;
    else count <= count + 1;

  assign led = count[25:22];
endmodule
