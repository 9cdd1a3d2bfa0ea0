namespace Sluice.Registry;

/// <summary>
/// The registry cannot do its work. The message starts with <see cref="Error"/> and names the place, never a password.
/// </summary>
public sealed class RegistryException(RegistryError error, string message, Exception? innerException = null)
    : Exception($"{error}: {message}", innerException)
{
    /// <summary>What went wrong, for code to branch on.</summary>
    public RegistryError Error { get; } = error;

    /// <summary>Whether the same call may succeed later.</summary>
    public bool IsTransient => Error is RegistryError.RegistryUnavailable;
}

/// <summary>What a failure of the registry means. Stored in histories: values are added, never renamed.</summary>
public enum RegistryError
{
    /// <summary>It cannot be reached, opened or written now.</summary>
    RegistryUnavailable,

    /// <summary>The file is damaged or is no database.</summary>
    RegistryCorrupt,

    /// <summary>A newer Sluice has migrated it: this one must not touch it.</summary>
    RegistryNewer,

    /// <summary>The connection string or folder cannot be understood.</summary>
    RegistryMisconfigured,

    /// <summary>A cursor was not given out by this list.</summary>
    InvalidCursor,
}
