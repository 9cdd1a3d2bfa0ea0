namespace Sluice.Durable;

/// <summary>Nothing, as a value: for activities and orchestrators that take or return none.</summary>
public sealed record Unit
{
    /// <summary>The only one.</summary>
    public static Unit Value { get; } = new();
}
