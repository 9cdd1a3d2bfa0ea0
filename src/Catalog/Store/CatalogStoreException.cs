namespace Sluice.Catalog.Store;

/// <summary>The catalogue's database cannot be used as it is: unreachable, not a database, or newer than the program.</summary>
/// <param name="message">For people; names the database without its password, and what to do.</param>
/// <param name="innerException">What the driver said.</param>
public sealed class CatalogStoreException(string message, Exception? innerException = null) : Exception(message, innerException);
