namespace Sluice.Domain.Plans;

/// <summary>To which earlier releases an environment goes back without steps. At least one bound is set; all that are set must hold.</summary>
/// <param name="Revisions">At most so many versions back: 1 is the one before. Null for any.</param>
/// <param name="Age">It served at most so long ago. Null for any.</param>
public sealed record RollbackWindow(int? Revisions, TimeSpan? Age)
{
    /// <summary>Whether a release is recent enough.</summary>
    /// <param name="back">How many versions back it is, 1 for the one before the present.</param>
    /// <param name="served">How long ago it served last; zero or more.</param>
    public bool Holds(int back, TimeSpan served) => (Revisions is not { } most || back <= most) && (Age is not { } oldest || served <= oldest);
}
