namespace Sluice.Engine.VirtualTime;

/// <summary>The process ends here.</summary>
public sealed class SimulatedCrashException() : Exception("The simulated process has ended.");
