//! Common names of columns, in English, German, French and Spanish, and in the exports of
//! widespread systems.
//!
//! Names are compared without case, spaces, punctuation and accents. Each text below is a list of
//! such names.

/// Columns with the record's id, best first. A line number is not listed: it changes when a row is
/// added above.
pub(super) const RECORD_IDS: &str = "recordid recid recordidcontact recordnumber recordno uniqueid id uuid guid uid contactid \
    customerid personid patientid memberid clientid leadid employeeid studentid voterid \
    crmid externalid userid contactnumber customernumber customerno clientnumber \
    kundennummer kundennr kundenid numeroclient idclient idcliente numerocliente";

/// Columns with the time of the record's last change, best first.
pub(super) const UPDATE_TIMES: &str = "updatedat lastmodifieddate lastmodifiedat lastmodified modifiedat modifieddate modified \
    lastupdatedat lastupdated lastupdate updateddate dateupdated datemodified \
    modificationdate updatetime updatedtime updated changedat lastchanged hslastmodifieddate \
    systemmodstamp geandertam aktualisiertam";

/// The columns of each trait.
pub(super) const TRAITS: &[(&str, &str)] = &[
    (
        "first_name",
        "firstname fname givenname given forename forenames givennames christianname namefirst \
         namegiven vorname rufname prenom prenoms nombre nombres primernombre",
    ),
    (
        "middle_name",
        "middlename middlenames middleinitial mi secondname namemiddle additionalname zweitname \
         segundonombre",
    ),
    (
        "last_name",
        "lastname lname surname familyname sname namelast namefamily nachname familienname zuname \
         nom nomdefamille apellido apellidos primerapellido",
    ),
    (
        "name",
        "name names fullname displayname personname customername contactname completename \
         namefull nomcomplet nombrecompleto",
    ),
    (
        "birthday",
        "birthday dob dateofbirth birthdate bdate birth born borndate datebirth geburtsdatum \
         geburtstag gebdatum datedenaissance datenaissance naissance fechadenacimiento \
         fechanacimiento nacimiento",
    ),
    (
        "email",
        "email emails emailaddress emailaddresses mail mailaddress emailid primaryemail \
         emailvalue emailadresse mailadresse courriel adresseemail adressemail correo \
         correoelectronico correoe",
    ),
    (
        "phone",
        "phone phones phonenumber phonenumbers phoneno telephone telephonenumber telephoneno tel \
         telno mobile mobilephone mobilenumber mobileno mobilephonenumber cell cellphone \
         cellphonenumber cellular contactphone phonevalue telefon telefonnummer mobil \
         mobiltelefon mobilnummer handy handynummer rufnummer portable telephoneportable telefono \
         movil celular telefonomovil",
    ),
    ("gender", "gender sex geschlecht sexe genre genero sexo"),
    (
        "national_id",
        "nationalid nationalidnumber nationalidentifier ssn socsecid socsec socialsecurity \
         socialsecuritynumber socialsecurityno socialsecurityid nin nino nationalinsurancenumber \
         nhsnumber sin dni nie curp cpf aadhaar personnummer idcardnumber identitycard \
         identitycardnumber personalausweis ausweisnummer sozialversicherungsnummer \
         numerosecuritesociale",
    ),
    (
        "passport",
        "passport passportnumber passportno passportid reisepass reisepassnummer passnummer \
         passeport numeropasseport pasaporte numeropasaporte",
    ),
    (
        "driver_license",
        "driverlicense driverslicense driverlicence driverslicence drivinglicense drivinglicence \
         driverlicensenumber driverslicensenumber driverlicencenumber driverslicencenumber \
         drivinglicencenumber drivinglicensenumber driverlicenseno driverslicenseno \
         driverlicenseid dlnumber dlno fuhrerschein fuhrerscheinnummer permisdeconduire \
         licenciadeconducir",
    ),
    (
        "organization",
        "organization organisation organizationname organisationname company companyname \
         companyorganization org orgname employer employername accountname businessname firm \
         firma firmenname unternehmen societe entreprise raisonsociale empresa compania",
    ),
    (
        "address",
        "address addresses fulladdress postaladdress mailingaddress residentialaddress adresse \
         anschrift direccion domicilio domicile",
    ),
];

/// The columns of each part of an address, with the position among the columns of that part.
pub(super) const PARTS: &[(&str, usize, &str)] = &[
    (
        "street",
        0,
        "streetnumber streetno housenumber houseno housenum buildingnumber",
    ),
    (
        "street",
        1,
        "street streetaddress streetname address1 addressline1 addressline addr1 line1 street1 \
         strasse rue voie calle",
    ),
    ("street", 2, "hausnummer hausnr"),
    (
        "street",
        3,
        "address2 addressline2 addr2 line2 street2 apartment apt suite adresszusatz \
         complementadresse",
    ),
    ("street", 4, "address3 addressline3 addr3 line3 street3"),
    (
        "city",
        0,
        "city town suburb locality cityname citytown towncity ort stadt wohnort ville commune \
         ciudad localidad poblacion municipio",
    ),
    (
        "postal_code",
        0,
        "postalcode postcode zip zipcode zippostalcode postalzip postalcodezip zippostcode \
         postzip plz postleitzahl codepostal codigopostal",
    ),
    (
        "state",
        0,
        "state province region stateprovince stateregion statecode provincecode stateabbr \
         bundesland provincia",
    ),
    (
        "country",
        0,
        "country countryregion countrycode countryname land pays pais",
    ),
];

/// Prefixes of the parts of one of several addresses (`Billing City`), and of one of several phones
/// or mailboxes.
pub(super) const GROUPS: &str = "billing shipping mailing other home work business office delivery default primary \
    secondary postal residential residence permanent current previous private invoice legal \
    physical mobile alternate alternative additional personal main evening daytime day";

/// Prefixes of all columns in some exports, which are ignored.
pub(super) const OWNERS: &str =
    "customer contact client person patient member guest buyer subscriber";

/// Names that only look like one of the above.
pub(super) const OTHERS: &[&str] = &["hometown", "homestate", "daycity"];
